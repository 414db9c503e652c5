import { existsSync, readFileSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { parse, parseAllDocuments } from 'yaml';
import { waitFor } from '../../../src/lab/wait-for.js';
import { CliHome } from '../cli/run-cli.js';

const root = new URL('../../../', import.meta.url);
const read = (path: string): string => readFileSync(new URL(path, root), 'utf8');

let home: CliHome;
beforeAll(async () => {
  home = await CliHome.make();
});
afterAll(() => home?.leave());

/** Nobody's addresses, any port, and a socket of our own. */
function harmless(text: string): string {
  return text
    .replace(/nodes: .*/, 'nodes: [valkey://127.0.0.1:1]')
    .replace(/(listen|admin): [\d.]+:\d+/g, '$1: 127.0.0.1:0')
    .replace(/unix:\S+/, `unix:${home.path('gateway.sock')}`);
}

/** Starts a gateway as an example does, asks it for what its probes ask, reloads it, and stops it. */
async function tryOut(args: readonly string[], env: Record<string, string>, listeners: number): Promise<void> {
  const running = home.start(args, env);
  const log = () =>
    running
      .stderr()
      .split('\n')
      .filter((line) => line.startsWith('{'))
      .map(
        (line) => JSON.parse(line) as { msg: string; address?: string; changed?: string[]; needsRestart?: string[] },
      );
  const said = (msg: string) =>
    waitFor(() => log().filter((line) => line.msg === msg), {
      deadlineMs: 20_000,
      what: `"${msg}" in ${running.stderr()}`,
      until: (lines) => lines.length > 0,
    });
  const [admin] = await said('admin endpoint');
  expect(log().filter(({ msg }) => msg === 'listening')).toHaveLength(listeners);
  expect((await fetch(`http://${admin!.address}/healthz`)).status).toBe(200);
  const ready = await fetch(`http://${admin!.address}/readyz`);
  expect([ready.status, await ready.text()]).toEqual([503, expect.stringContaining('no primary is known')]);
  running.child.kill('SIGHUP');
  expect((await said('configuration read again'))[0]).toMatchObject({ changed: [], needsRestart: [] });
  running.child.kill('SIGTERM');
  expect((await running.ended).code).toBe(0);
}

async function secretFiles(names: readonly string[]): Promise<Record<string, string>> {
  const entries = names.map((name) => [name, home.path(name.toLowerCase())] as const);
  for (const [name, file] of entries) await writeFile(file, `secret of ${name}\n`);
  return Object.fromEntries(entries);
}

const seconds = (text: string): number => Number(/^(\d+)s?$/.exec(text)![1]);

it('examples/systemd: its command runs with its settings, is reloaded and stopped as it says', async () => {
  const unit = read('examples/systemd/segue-gateway.service');
  const value = (key: string): string => new RegExp(`^${key}=(.*)$`, 'm').exec(unit)![1]!;
  const settings = read('examples/systemd/gateway.yaml');
  const [, , ...args] = value('ExecStart').split(' ');
  expect(args).toEqual(['gateway', '--config', '/etc/segue/gateway.yaml']);
  expect([value('ExecReload'), value('KillSignal')]).toEqual(['/bin/kill -HUP $MAINPID', 'SIGTERM']);
  expect(seconds(value('TimeoutStopSec'))).toBeGreaterThan(seconds(parse(settings).gateway['drain-timeout']));
  const file = home.path('systemd.yaml');
  await writeFile(file, harmless(settings));
  expect(value('Environment')).toBe('SEGUE_PASSWORD_FILE=%d/password');
  await tryOut([...args.slice(0, 2), file], await secretFiles(['SEGUE_PASSWORD_FILE']), 2);
});

describe('examples/docker', () => {
  const lines = read('examples/docker/Dockerfile').split('\n');
  const all = (word: string): string[] =>
    lines.filter((line) => line.startsWith(`${word} `)).map((line) => line.slice(word.length + 1));

  it('copies what is there, nothing else, and has no secret', () => {
    const copied = all('COPY')
      .filter((line) => !line.startsWith('--from'))
      .flatMap((line) => line.split(' ').slice(0, -1));
    const admitted = read('examples/docker/Dockerfile.dockerignore')
      .split('\n')
      .filter((line) => line.startsWith('!'));
    expect(copied.every((path) => existsSync(new URL(path, root)))).toBe(true);
    expect(copied.toSorted()).toEqual(admitted.map((line) => line.slice(1)).toSorted());
    expect(all('ENV')).toEqual(['NODE_ENV=production']);
    expect(all('USER').at(-1)).toMatch(/^[1-9]\d*:[1-9]\d*$/);
    const { bin } = JSON.parse(read('package.json')) as { bin: { segue: string } };
    expect(JSON.parse(all('ENTRYPOINT')[0]!)).toEqual(['node', `/opt/segue/${bin.segue}`]);
  });

  it('its command runs', async () => {
    const args = JSON.parse(all('CMD')[0]!) as string[];
    const anywhere = args.map((arg) => arg.replace(/^[\d.]+:\d+$/, '127.0.0.1:0'));
    await tryOut(anywhere, { SEGUE_NODES: 'valkey://127.0.0.1:1', ...(await secretFiles(['SEGUE_PASSWORD_FILE'])) }, 1);
  });
});

interface Manifest {
  kind: string;
  data?: Record<string, string>;
  stringData?: Record<string, string>;
  spec?: { template: { spec: Pod } };
}
interface Pod {
  terminationGracePeriodSeconds: number;
  initContainers: Container[];
  containers: { env: { value: string }[] }[];
  volumes: { name: string; secret?: { secretName: string } }[];
}
interface Container {
  args: string[];
  env: { name: string; value: string }[];
  ports: { name: string; containerPort: number }[];
  volumeMounts: { name: string; mountPath: string }[];
  lifecycle: { preStop: { exec: { command: string[] } } };
  [probe: `${string}Probe`]: { httpGet: { path: string; port: string } };
}

it('examples/kubernetes: the container runs as it is described; files, probes and times fit together', async () => {
  const manifests = parseAllDocuments(read('examples/kubernetes/sidecar.yaml')).map((one) => one.toJS() as Manifest);
  const [secret, config, deployment] = manifests;
  expect(manifests.map(({ kind }) => kind)).toEqual(['Secret', 'ConfigMap', 'Deployment']);
  const pod = deployment!.spec!.template.spec;
  const [container] = pod.initContainers;
  const text = config!.data!['gateway.yaml']!;
  const settings = parse(text).gateway as { listeners: { listen: string }[]; admin: string; 'drain-timeout': string };

  const mounts = container!.volumeMounts;
  expect(mounts.map(({ name }) => name)).toEqual(pod.volumes.map(({ name }) => name));
  expect(container!.args).toEqual(['gateway', '--config', `${mounts[0]!.mountPath}/gateway.yaml`]);
  const files = container!.env.map(({ value }) => value);
  expect(files).toEqual(Object.keys(secret!.stringData!).map((name) => `${mounts[1]!.mountPath}/${name}`));
  expect(container!.ports[0]!.containerPort).toBe(Number(settings.admin.split(':')[1]));
  expect(
    [container!.startupProbe, container!.readinessProbe, container!.livenessProbe].map((one) => one!.httpGet),
  ).toEqual([
    { path: '/readyz', port: 'admin' },
    { path: '/readyz', port: 'admin' },
    { path: '/healthz', port: 'admin' },
  ]);
  expect(pod.containers[0]!.env[0]!.value).toBe(`redis://${settings.listeners[0]!.listen}`);
  const stopping = seconds(container!.lifecycle.preStop.exec.command[1]!) + seconds(settings['drain-timeout']);
  expect(pod.terminationGracePeriodSeconds).toBeGreaterThan(stopping);

  const file = home.path('kubernetes.yaml');
  await writeFile(file, harmless(text));
  await tryOut(['gateway', '--config', file], await secretFiles(container!.env.map(({ name }) => name)), 1);
});
