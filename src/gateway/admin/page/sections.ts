import type { ListenerStatus, NodeStatus } from '../../status.js';
import type { LiveView } from '../live.js';
import type { SwitchView } from '../switch-log.js';
import type { Browser, Element } from './browser.js';
import type { Words } from './words.js';

/**
 * The parts of the page, made of what the gateway says. Runs in the browser: the page carries its source, so it uses nothing
 * but its arguments. What comes from outside becomes text, never markup.
 */
export function sections(page: Browser, words: Words) {
  const { document } = page;
  const { amount, bytes, count, duration, moment, plural } = words;
  /** States of sessions that have no node to send to. */
  const waitingStates = ['seeking', 'resting', 'joining', 'holding', 'leaving'];
  const drawn = new Map<string, string>();

  function make(name: string, look: string, ...children: (Element | string)[]): Element {
    const element = document.createElement(name);
    if (look !== '') element.className = look;
    element.append(...children);
    return element;
  }

  /** Fills an element, unless it shows just that already: what is being read or selected stays. */
  function show(id: string, data: unknown, build: () => (Element | string)[]): void {
    const text = JSON.stringify(data);
    if (drawn.get(id) === text) return;
    drawn.set(id, text);
    document.getElementById(id)!.replaceChildren(...build());
  }

  /** A bar of which `share` (0 to 1) is filled. */
  function bar(share: number, tone: string): Element {
    const fill = make('i', tone);
    fill.style.setProperty('--share', `${(Math.min(Math.max(share, 0), 1) * 100).toFixed(1)}%`);
    const track = make('span', 'bar', fill);
    track.setAttribute('aria-hidden', 'true');
    return track;
  }

  /** A node's name before what is said of that node is one word too many. */
  function reasonOf(node: string | null, reason: string): string {
    return node !== null && reason.startsWith(`${node}: `) ? reason.slice(node.length + 2) : reason;
  }

  const sum = (all: readonly ListenerStatus[], value: (one: ListenerStatus) => number): number =>
    all.reduce((total, one) => total + value(one), 0);

  /** Of several listeners, the most frequent first. */
  function merged(records: readonly Readonly<Record<string, number>>[]): [name: string, count: number][] {
    const all = new Map<string, number>();
    for (const [name, times] of records.flatMap((one) => Object.entries(one))) {
      all.set(name, (all.get(name) ?? 0) + times);
    }
    return [...all].sort(([, a], [, b]) => b - a);
  }

  function heldSessions({ status }: LiveView): number {
    const states = merged(status.listeners.map((one) => one.states));
    return states.reduce((total, [state, times]) => total + (waitingStates.includes(state) ? times : 0), 0);
  }

  /** In a word or two how the gateway is, and whether that is good. */
  function health(view: LiveView): { text: string; tone: '' | 'warning' | 'bad' } {
    const { phase, primary, unready, nodes } = view.status;
    if (phase !== 'serving') return { text: phase, tone: 'warning' };
    if (nodes.length > 0 && primary === null) return { text: 'no primary', tone: 'bad' };
    if (unready !== null) return { text: 'not ready', tone: 'bad' };
    return heldSessions(view) > 0 ? { text: 'holding commands', tone: 'warning' } : { text: 'serving', tone: '' };
  }

  function header(view: LiveView): void {
    const { status, switches } = view;
    const { text, tone } = health(view);
    const { primary, nodes, listeners } = status;
    const lost = switches.find(({ withoutMs }) => withoutMs === null);
    const title = nodes.length === 0 ? 'Before single nodes' : (primary?.node ?? 'No primary');
    const held = sum(listeners, (one) => one.heldCommands);
    const lines =
      primary !== null
        ? [`primary in term ${primary.term}, for ${duration(primary.forMs)}`]
        : [
            ...(lost === undefined ? [] : [`since ${duration(Math.max(0, view.at - lost.at))}`]),
            ...(lost?.reason ? [`${lost.from}: ${reasonOf(lost.from, lost.reason)}`] : []),
            ...(nodes.length === 0 ? [] : [`${plural(held, 'command waits', 'commands wait')}`]),
          ];
    show('health', [text, tone], () => [make('span', `pill ${tone}`, text)]);
    show('headline', [title, lines], () => [make('h1', '', title), make('p', 'muted', lines.join(' · '))]);
    document.title = `${text}: ${title} · Segue`;
  }

  function figures(view: LiveView): void {
    const last = view.samples.at(-1);
    const { listeners } = view.status;
    const time = (ms: number | null | undefined): string => (ms == null ? '–' : duration(ms));
    const [held, clients] = [sum(listeners, (one) => one.heldCommands), sum(listeners, (one) => one.clients)];
    const rows: [value: string, what: string, tone?: string][] = [
      [last === undefined ? '–' : amount(last.commands), 'commands a second'],
      [time(last?.p50Ms), 'half of the answers within'],
      [time(last?.p99Ms), '99 of 100 within'],
      [count(clients), clients === 1 ? 'client' : 'clients'],
      [amount(held), held === 1 ? 'command without answer' : 'commands without answer'],
      [amount(heldSessions(view)), 'sessions wait for a node', heldSessions(view) > 0 ? 'warning' : ''],
    ];
    show('figures', rows, () => rows.map(([value, what, tone]) => make('li', '', make('b', tone ?? '', value), what)));
  }

  function nodeCard(node: NodeStatus, primaryOffset: number | null): Element {
    const isUp = node.state === 'up';
    const role = isUp ? (node.isPrimary ? 'primary' : (node.role ?? 'unknown')) : node.state;
    const lag = primaryOffset === null || node.offset === null ? null : Math.max(0, primaryOffset - node.offset);
    const facts = node.isPrimary
      ? [node.version ?? '']
      : [
          node.version ?? '',
          isUp && node.linkUp !== null ? (node.linkUp ? 'link up' : 'link down') : '',
          isUp && node.role === 'replica' && lag !== null ? `${bytes(lag)} behind` : '',
          reasonOf(node.node, node.reason ?? ''),
        ];
    const tone = !isUp ? (node.state === 'down' ? 'down' : 'faint') : node.isPrimary ? 'primary' : 'replica';
    return make(
      'li',
      `node ${tone}`,
      make('span', 'role', role),
      make('strong', '', node.node),
      make('span', 'muted', facts.filter((fact) => fact !== '').join(' · ')),
    );
  }

  /** Clients, the primary, and who follows it. */
  function pair(view: LiveView): void {
    const { nodes, listeners, primary } = view.status;
    const clients = sum(listeners, (one) => one.clients);
    const held = heldSessions(view);
    const isFlowing = (view.samples.at(-1)?.commands ?? 0) > 0 && primary !== null && held === 0;
    const offset = nodes.find(({ isPrimary }) => isPrimary)?.offset ?? null;
    // Offsets of several nodes are never of one moment: a little behind is level.
    const ordered = [...nodes].sort((a, b) => Number(b.isPrimary) - Number(a.isPrimary));
    show('pair', [ordered, clients, held, isFlowing], () => {
      if (nodes.length === 0) return [];
      const flow = make('li', `flow ${primary === null || held > 0 ? 'held' : isFlowing ? 'flowing' : ''}`);
      flow.setAttribute('aria-hidden', 'true');
      const door = make(
        'li',
        'node door',
        make('span', 'role', 'clients'),
        make('strong', '', count(clients)),
        make(
          'span',
          'muted',
          held > 0 ? `${plural(held, 'waits', 'wait')} for a node` : plural(listeners.length, 'listener'),
        ),
      );
      return [door, flow, ...ordered.map((node) => nodeCard(node, offset))];
    });
  }

  const kinds: Readonly<Record<SwitchView['kind'], string>> = {
    planned: 'planned',
    unannounced: 'unannounced',
    restart: 'restart',
    interruption: 'interruption',
    lost: 'no primary yet',
  };

  /** From a tenth of a millisecond to ten seconds, each power of ten as long as the other. */
  function heldShare(ms: number): number {
    return (Math.log10(Math.max(ms, 0.1)) + 1) / 5;
  }

  function switchRow(one: SwitchView, now: number): Element {
    const isOpen = one.kind === 'lost';
    const way = one.to === null || one.to === one.from ? (one.from ?? '?') : `${one.from ?? '?'} → ${one.to}`;
    const held =
      one.heldMaxMs === null
        ? 'no session has moved'
        : `held ${duration(one.heldMaxMs)} at most, half of them ${duration(one.heldMedianMs ?? 0)}`;
    const facts = [
      ...(one.sessions > 0 ? [plural(one.sessions, 'session')] : []),
      ...(one.replayed > 0 ? [`${plural(one.replayed, 'command')} sent again`] : []),
      ...(one.withoutMs !== null && one.withoutMs >= 1 ? [`${duration(one.withoutMs)} without a known primary`] : []),
      ...(one.reason === null ? [] : [reasonOf(one.from, one.reason)]),
    ];
    const harm = [
      ...(one.uncertain > 0 ? [`${plural(one.uncertain, 'command')} of unknown outcome`] : []),
      ...(one.givenUp > 0 ? [`${plural(one.givenUp, 'command')} given up`] : []),
    ];
    const tone = isOpen || harm.length > 0 ? 'bad' : one.kind === 'planned' ? 'good' : 'warning';
    return make(
      'li',
      '',
      make('div', 'way', make('strong', '', way), one.term === null ? '' : make('span', 'muted', ` term ${one.term}`)),
      make('div', 'when', make('time', '', moment(one.at, now)), make('span', `tag ${tone}`, kinds[one.kind])),
      make('div', 'felt', bar(one.heldMaxMs === null ? 0 : heldShare(one.heldMaxMs), tone), make('span', '', held)),
      make('div', 'facts muted', facts.join(' · '), ...harm.map((text) => make('span', 'bad', text))),
    );
  }

  function strip({ switches, at }: LiveView): void {
    show('switches', switches, () =>
      switches.length === 0
        ? [make('li', 'none muted', 'None since this gateway was started.')]
        : switches.map((one) => switchRow(one, at)),
    );
  }

  function share(id: string, rows: readonly [name: string, count: number][], tone: (name: string) => string): void {
    const most = rows.reduce((max, [, times]) => Math.max(max, times), 1);
    show(id, rows, () =>
      rows.length === 0
        ? [make('li', 'none muted', 'No clients.')]
        : rows.map(([name, times]) =>
            make('li', '', make('span', 'name', name), bar(times / most, tone(name)), make('b', '', count(times))),
          ),
    );
  }

  function sessions({ status: { listeners } }: LiveView): void {
    share('libraries', merged(listeners.map((one) => one.libraries)).slice(0, 12), () => '');
    const states = merged(listeners.map((one) => one.states));
    share('states', states, (state) => (waitingStates.includes(state) ? 'warning' : ''));
  }

  /** How much of a limit is used; past four fifths it is said aloud by its colour. */
  function use(what: string, value: number, max: number, format: (value: number) => string): Element {
    const tone = value >= max ? 'bad' : value >= max * 0.8 ? 'warning' : '';
    return make(
      'div',
      'use',
      make('span', '', what),
      make('b', tone, `${format(value)} of ${format(max)}`),
      bar(value / max, tone),
    );
  }

  function listenerCard(one: ListenerStatus): Element {
    const { limits } = one;
    const refusals: [string, number][] = [
      ...Object.entries(one.closed).map(([why, times]): [string, number] => [`closed: ${why}`, times]),
      ...Object.entries(one.refused).map(([name, times]): [string, number] => [`refused: ${name}`, times]),
      ...Object.entries(one.givenUp).map(([code, times]): [string, number] => [`given up: ${code}`, times]),
      ['TLS failed', one.handshakesFailed],
      ['made to wait', one.restraints],
      ['of unknown outcome', one.uncertain],
    ];
    const told = refusals.filter(([, times]) => times > 0);
    const address = one.name === one.address ? one.kind : `${one.kind} · ${one.address}`;
    return make(
      'li',
      'listener',
      make('div', 'top', make('strong', '', one.name), ...(one.secure ? [make('span', 'tag', 'TLS')] : [])),
      make('span', 'muted', address),
      ...(one.unready === null ? [] : [make('span', 'bad', one.unready)]),
      use('clients', one.clients, limits.connectionsMax, count),
      use('waiting commands', one.heldBytes, limits.heldBytesMax, bytes),
      make('span', 'muted', `${plural(one.accepted, 'client')} so far, ${amount(one.commands)} commands`),
      make(
        'div',
        'tags',
        ...(told.length === 0
          ? [make('span', 'muted', 'Nobody was refused.')]
          : told.map(([what, times]) => make('span', 'tag', `${what} `, make('b', '', count(times))))),
      ),
    );
  }

  function listeners({ status }: LiveView): void {
    show('listeners', status.listeners, () => status.listeners.map(listenerCard));
  }

  return {
    show(view: LiveView): void {
      header(view);
      figures(view);
      pair(view);
      strip(view);
      sessions(view);
      listeners(view);
    },
  };
}

export type Sections = ReturnType<typeof sections>;
