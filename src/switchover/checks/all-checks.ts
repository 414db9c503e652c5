import { acl } from './acl.js';
import { announce } from './announce.js';
import { backlog } from './backlog.js';
import type { Check } from './check.js';
import { clients } from './clients.js';
import { commands } from './commands.js';
import { configFile } from './config-file.js';
import { configuration } from './configuration.js';
import { failover } from './failover.js';
import { forks } from './forks.js';
import { fullCopy } from './full-copy.js';
import { functions } from './functions.js';
import { insight } from './insight.js';
import { lag } from './lag.js';
import { link } from './link.js';
import { login } from './login.js';
import { maxclients } from './maxclients.js';
import { memory } from './memory.js';
import { minReplicas } from './min-replicas.js';
import { mode } from './mode.js';
import { modules } from './modules.js';
import { offsets } from './offsets.js';
import { outputBuffer } from './output-buffer.js';
import { pause } from './pause.js';
import { permission } from './permission.js';
import { persistence } from './persistence.js';
import { readOnly } from './read-only.js';
import { replicas } from './replicas.js';
import { sentinel } from './sentinel.js';
import { staleData } from './stale-data.js';
import { tls } from './tls.js';
import { unfinished } from './unfinished.js';
import { versions } from './versions.js';

/** All guard rails, in the order in which people read them. docs/checks.md has the same list, and a test compares them. */
export const checks: readonly Check[] = [
  mode,
  unfinished,
  failover,
  pause,
  link,
  lag,
  offsets,
  versions,
  commands,
  permission,
  login,
  readOnly,
  announce,
  replicas,
  sentinel,
  minReplicas,
  backlog,
  outputBuffer,
  fullCopy,
  persistence,
  forks,
  configFile,
  configuration,
  memory,
  maxclients,
  acl,
  functions,
  modules,
  tls,
  staleData,
  clients,
  insight,
];
