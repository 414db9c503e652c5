import type { Conversation } from '../../topology/index.js';
import { formatAddress, parseAddress } from '../../transport/index.js';
import { isReached, type NodeSurvey, type ReachedNode } from '../survey/node-survey.js';
import type { Doorway } from '../survey/pair-access.js';
import { unreachableBy } from '../survey/unreachable.js';
import { helloChannel, parseHello } from './hello.js';
import type { SentinelSurvey, SentinelWatch } from './sentinel-survey.js';
import { type SentinelUrl, SentinelVisit } from './sentinel-visit.js';

/** Every Sentinel says hello each 2 s. */
const helloWaitMs = 2_500;
const sentinelsMax = 32;

/**
 * Finds the Sentinels that watch the pair: those that were given, those that say hello at the primary, and whom these name.
 * Listens (up to 2.5 s) only when connections of Sentinels are seen at the primary that are not accounted for. A Sentinel's
 * login is used for itself and for its peers, never for one that was only heard of at the pair.
 */
export async function findSentinels(
  doorway: Doorway,
  nodes: readonly NodeSurvey[],
  earlier: readonly SentinelSurvey[] = [],
): Promise<SentinelSurvey[]> {
  const reached = nodes.filter(isReached);
  const primary = reached.find(({ role }) => role === 'primary');
  const expected = primary?.sentinelIds ?? [];
  const isOurs = (watch: SentinelWatch): boolean =>
    reached.some((node) => node.runId === watch.primaryRunId || node.names.includes(watch.primary));
  const found = new Map<string, SentinelSurvey>();
  await visitAll(doorway, doorway.sentinels, isOurs, true, found);
  const known = earlier.filter((one) => one.reachable && !one.vouched);
  await visitAll(
    doorway,
    known.flatMap(({ name }) => urlOf(name, { tls: doorway.tls })),
    isOurs,
    false,
    found,
  );
  const missing = (): string[] => expected.filter((id) => ![...found.values()].some((one) => hasId(one, id)));
  if (primary !== undefined && missing().length > 0) {
    const heard = await hear(doorway, primary, missing());
    await visitAll(doorway, heard, isOurs, false, found);
  }
  const lost = missing().map((id): SentinelSurvey => {
    const name = `Sentinel ${id}…`;
    return {
      reachable: false,
      name,
      reason: `${name}: it is connected to ${primary?.name}, and cannot be asked itself`,
    };
  });
  const ours = [...found.values()].filter((one) => !one.reachable || one.watches.length > 0);
  // One that could not be asked at the address it names is among those whose id is missing, too: named once.
  return ours.some((one) => !one.reachable) ? ours : [...ours, ...lost];
}

function hasId(one: SentinelSurvey, prefix: string): boolean {
  return one.reachable && one.id.startsWith(prefix);
}

async function visitAll(
  doorway: Doorway,
  urls: readonly SentinelUrl[],
  isOurs: (watch: SentinelWatch) => boolean,
  vouched: boolean,
  found: Map<string, SentinelSurvey>,
): Promise<void> {
  const fresh = urls.filter(({ address }) => !found.has(formatAddress(address))).slice(0, sentinelsMax - found.size);
  if (fresh.length === 0) return;
  const peers = await Promise.all(
    fresh.map(async (url): Promise<SentinelUrl[]> => {
      const visit = new SentinelVisit(url, doorway);
      try {
        const survey = await visit.survey(isOurs);
        const known = [...found.values()].some((one) => one.reachable && one.id === survey.id);
        if (!known) found.set(visit.name, { ...survey, vouched });
        return survey.watches.flatMap((watch) => watch.peers).flatMap(({ name }) => urlOf(name, url));
      } catch (error) {
        const { reason } = unreachableBy(error, url.tls);
        found.set(visit.name, { reachable: false, name: visit.name, reason });
        return [];
      } finally {
        visit.close();
      }
    }),
  );
  await visitAll(doorway, peers.flat(), isOurs, vouched, found);
}

function urlOf(name: string, like: Partial<SentinelUrl> & { tls: boolean }): SentinelUrl[] {
  const address = parseAddress(name);
  return address === undefined ? [] : [{ ...like, address }];
}

/** Listens until all ids have said hello, or the time is over. */
async function hear(doorway: Doorway, primary: ReachedNode, ids: readonly string[]): Promise<SentinelUrl[]> {
  const heard = new Map<string, SentinelUrl>();
  let conversation: Conversation | undefined;
  await new Promise<void>((resolve) => {
    const timer = doorway.clock.setTimer(helloWaitMs, resolve);
    const end = (): void => {
      doorway.clock.clearTimer(timer);
      resolve();
    };
    const onPush = (message: readonly unknown[]): void => {
      const hello = parseHello(String(message[2]));
      const id = hello && ids.find((prefix) => hello.id.startsWith(prefix));
      if (hello === undefined || id === undefined) return;
      for (const url of urlOf(formatAddress({ kind: 'tcp', host: hello.host, port: hello.port }), doorway)) {
        heard.set(id, { address: url.address, tls: doorway.tls });
      }
      if (heard.size === ids.length) end();
    };
    conversation = doorway.open(parseAddress(primary.name)!, 'segue-survey', { onPush });
    conversation.request(['SUBSCRIBE', helloChannel]).catch(end);
  });
  conversation?.close();
  return [...heard.values()];
}
