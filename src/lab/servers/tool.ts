import { LabError } from '../lab-error.js';
import { findServer, type WantedVersion } from './find-server.js';

/** A program that comes with a server. */
export type Tool = 'cli' | 'benchmark';

/**
 * What to execute, before the tool's own arguments: that which came with the server of the wanted version. Rejects as
 * findServer does.
 */
export async function findTool(wanted: WantedVersion, tool: Tool): Promise<readonly string[]> {
  const { command } = await findServer(wanted);
  const server = command.at(-1)!;
  if (!server.endsWith('-server')) {
    throw new LabError('SEGUE_LAB_NO_SERVER', `${server}: cannot tell where its ${tool} is`);
  }
  return [...command.slice(0, -1), server.replace(/-server$/, `-${tool}`)];
}
