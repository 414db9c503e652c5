import type { SessionsReport, WaitedReport } from '../switch-report.js';
import type { SwitchStory } from './story.js';

/** 0.42 ms, 12.3 ms, 3.2 s */
export function duration(ms: number): string {
  if (ms >= 1_000) return `${(ms / 1_000).toFixed(1)} s`;
  return `${ms.toFixed(ms < 10 ? 2 : 1)} ms`;
}

/** 1,234,567 */
export function count(value: number): string {
  return value.toLocaleString('en-US');
}

/** 1 command, 12 commands */
export function amount(value: number, one: string, many = `${one}s`): string {
  return `${count(value)} ${value === 1 ? one : many}`;
}

/** What a person who reads one sentence should know. */
export function verdict(story: SwitchStory): string {
  const { outcome, from, to, reason } = story;
  switch (outcome) {
    case 'switched':
      return `${to} took over from ${from}${stall(story)}${proof(story)}.`;
    case 'unproven':
      return `${to} took over from ${from}${stall(story)}, but not everything that should follow could be shown.`;
    case 'refused':
      return `The switch from ${from} to ${to} was not begun: ${reason ?? 'the pair is not fit for it'}.`;
    case 'given-up':
      return `The switch from ${from} to ${to} was given up, and nothing has changed.`;
    case 'unknown':
      return `A person must look at ${from} and ${to}: ${reason ?? 'nobody can know which of them is primary'}.`;
  }
}

function stall({ switch: report }: SwitchStory): string {
  return report?.unwritableMs === undefined ? '' : ` in ${duration(report.unwritableMs)}`;
}

function proof({ canary }: SwitchStory): string {
  if (canary === undefined) return '';
  const { acknowledged } = canary.sequence;
  if (canary.isProven) return `; of ${count(acknowledged)} writes made meanwhile none was lost, doubled or reordered`;
  return `; whether all ${count(acknowledged)} writes made meanwhile are there could not be shown`;
}

/** Why there is no line of the commands that Segue's sessions held. */
export function whyNoLine(sessions: SessionsReport | undefined): string {
  if (sessions?.silent !== undefined)
    return `No command was held by Segue's sessions: they were not told (${sessions.silent}).`;
  if (sessions?.waited === undefined)
    return "No process with Segue's sessions held, so there are no held commands to draw.";
  const { expected } = sessions.waited;
  return `How many commands Segue's sessions held is not drawn: of ${amount(expected, 'process', 'processes')} that held none said it in time; older versions do not.`;
}

/** Whose counts the line of held commands is made of. */
export function whoSays(waited: WaitedReport | undefined): string {
  if (waited === undefined) return 'nobody';
  const { answered, expected } = waited;
  const processes = amount(expected, 'process', 'processes');
  return answered === expected ? processes : `${count(answered)} of ${processes}`;
}

/** What each step is for, in the words of somebody who was not there. */
export const stepPurpose: Readonly<Record<string, string>> = {
  connect: 'open connections to all nodes',
  lock: 'make sure that no other operator is at work',
  check: 'look whether the pair is fit for a switch',
  prepare: 'ask the clients on Segue to open connections to the new primary',
  journal: 'write down what is about to happen, so that it can be finished or undone after any crash',
  failover: 'let the servers change places by their own FAILOVER',
  fence: 'make the old primary refuse writes by itself as soon as it has no replica left',
  hold: 'ask the clients on Segue to finish what is under way and to wait',
  pause: 'let writes at the old primary wait',
  'catch-up': 'wait until the replica has every byte',
  promote: 'make the replica the primary',
  demote: 'make the old primary a replica of the new one',
  release: 'let everybody go on',
  're-point': 'make the other replicas follow the new primary',
  restore: 'give the old primary its settings back',
  prove: 'show that roles, links and data are as they should be',
};
