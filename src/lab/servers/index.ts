export { LabError, type LabErrorCode } from '../lab-error.js';
export type { Progress } from '../packages/apt.js';
export type { FetchOptions } from '../packages/fetch.js';
export { serversFolder } from '../packages/folder.js';
export { type WaitOptions, waitFor } from '../wait-for.js';
export { fetchServer } from './fetch-server.js';
export {
  type FindOptions,
  findServer,
  findServers,
  type ServerProgram,
  type WantedVersion,
} from './find-server.js';
export { type CommandArgument, LabClient, type LabClientOptions } from './lab-client.js';
export { type LabPair, type PairOptions, type ReplicationView, replicationOf, startPair, waitForSync } from './pair.js';
export { LabSentinel, type SentinelOptions, startSentinel } from './sentinel.js';
export { type Endpoint, LabServer, type RestartOptions, type ServerOptions, startServer } from './server.js';
export type { AclUser, TlsSetup } from './server-config.js';
export type { Exit } from './server-process.js';
export { type Identity, makeTlsMaterial, sharedTlsMaterial, type TlsMaterial } from './tls-material.js';
export { findTool, type Tool } from './tool.js';
export {
  isServerVersion,
  type ProgramVersion,
  parseProgramVersion,
  type ServerVersion,
  serverVersions,
} from './versions.js';
