/**
 * Where this machine gets Debian from. The repository names no host: the address comes from the machine's own apt
 * configuration, as `apt-get indextargets` prints it. That command leaves out sources whose lists were never fetched,
 * unless it is told `--no-release-info`, and then it does not say who made them: both answers are needed.
 */

/** One stanza of `apt-get indextargets`: field name → value. */
export type IndexTarget = Readonly<Record<string, string>>;

export function parseIndexTargets(output: string): IndexTarget[] {
  return output
    .split(/\n\s*\n/)
    .map((stanza) => {
      const target: Record<string, string> = {};
      for (const line of stanza.split('\n')) {
        const match = /^([\w-]+):\s*(.*)$/.exec(line);
        if (match !== null) target[match[1]!] = match[2]!.trim();
      }
      return target;
    })
    .filter((target) => target['Repo-URI'] !== undefined);
}

const debianRelease =
  /^(buster|bullseye|bookworm|trixie|forky|duke|sid|stable|oldstable|oldoldstable|testing|unstable|experimental)(-updates|-proposed-updates|-backports)?$/;

/**
 * Addresses that may be Debian's main archive, likeliest first. Of sources whose lists were fetched apt says who made them
 * (Origin, Label); of others only names can be judged, and other vendors use Debian's names for their own suites, so there
 * may be several candidates. A wrong one does no harm: its signature does not verify against Debian's keys.
 */
export function debianArchives(targets: readonly IndexTarget[]): string[] {
  const scores = new Map<string, number>();
  for (const target of targets) {
    const uri = target['Repo-URI']!;
    scores.set(uri, Math.max(scoreOf(target), scores.get(uri) ?? 0));
  }
  for (const target of targets) {
    if (target.Origin !== undefined && target.Origin !== 'Debian') scores.delete(target['Repo-URI']!);
  }
  const candidates = [...scores].filter(([, score]) => score > 0);
  return candidates.sort(([, a], [, b]) => b - a).map(([uri]) => uri);
}

function scoreOf(target: IndexTarget): number {
  const uri = target['Repo-URI']!;
  const release = target.Release ?? '';
  if (uri.startsWith('cdrom:') || target.Component !== 'main' || !debianRelease.test(release)) return 0;
  let score = target.Origin === 'Debian' && target.Label === 'Debian' ? 100 : 1;
  if (/-updates$/.test(release)) score += 1;
  if (/\bdebian\/?$/.test(uri) || uri.startsWith('mirror')) score += 1;
  return score;
}

export interface AptSettings {
  /** Holds everything that apt writes. */
  readonly folder: string;
  readonly architecture: string;
}

/** Packages that the servers' packages ask for to be set up as services. We only unpack and run them. */
const notNeeded = [
  'adduser',
  'debconf',
  'dpkg',
  'init-system-helpers',
  'lsb-base',
  'passwd',
  'perl-base',
  'systemd',
  'systemd-standalone-sysusers',
  'systemd-standalone-tmpfiles',
  'sysvinit-utils',
  'tar',
  'ucf',
];

/**
 * A dpkg status that says nothing is installed but what no server needs, so that apt does not download it (10 MB). What is
 * `asked` for by name is needed after all.
 */
export function dpkgStatus(asked: readonly string[] = []): string {
  const stanza = (name: string) =>
    `Package: ${name}\nStatus: install ok installed\nMaintainer: nobody\nArchitecture: all\n` +
    `Multi-Arch: foreign\nVersion: 99999:0\nDescription: placeholder\n`;
  return notNeeded
    .filter((name) => !asked.includes(name))
    .map(stanza)
    .join('\n');
}

/**
 * Our own apt configuration, read after the machine's (so that its proxies and logins stay in force): own lists, cache
 * and sources, its own dpkg status, nothing of the machine's hooks, pins and foreign architectures, and signatures
 * that must verify whatever the machine's settings say.
 */
export function aptConfiguration({ folder, architecture }: AptSettings): string {
  const settings: [string, string][] = [
    ['Dir::State', `${folder}/state`],
    ['Dir::State::lists', `${folder}/state/lists`],
    ['Dir::State::status', `${folder}/state/status`],
    ['Dir::State::extended_states', `${folder}/state/extended_states`],
    ['Dir::Cache', `${folder}/cache`],
    ['Dir::Cache::archives', `${folder}/cache/archives`],
    ['Dir::Cache::pkgcache', `${folder}/cache/pkgcache.bin`],
    ['Dir::Cache::srcpkgcache', `${folder}/cache/srcpkgcache.bin`],
    ['Dir::Log', `${folder}/log`],
    ['Dir::Etc::sourcelist', `${folder}/archive.sources`],
    ['Dir::Etc::sourceparts', '/dev/null'],
    ['Dir::Etc::preferences', '/dev/null'],
    ['Dir::Etc::preferencesparts', '/dev/null'],
    ['Debug::NoLocking', 'true'],
    ['APT::Sandbox::User', 'root'], // no other user may write into our folder; has a meaning for root only
    ['APT::Architecture', architecture],
    ['APT::Default-Release', ''],
    ['APT::Install-Recommends', 'false'],
    ['APT::Install-Suggests', 'false'],
    ['APT::Get::AllowUnauthenticated', 'false'],
    ['Acquire::AllowInsecureRepositories', 'false'],
    ['Acquire::AllowWeakRepositories', 'false'],
    ['Acquire::AllowDowngradeToInsecureRepositories', 'false'],
    ['Acquire::Retries', '3'],
    ['Acquire::PDiffs', 'false'],
    ['Acquire::GzipIndexes', 'false'],
  ];
  const indexes = ['DEP-11', 'DEP-11-icons', 'DEP-11-icons-small', 'DEP-11-icons-large', 'Contents-deb', 'CNF'];
  for (const name of indexes) settings.push([`Acquire::IndexTargets::deb::${name}::DefaultEnabled`, 'false']);
  const cleared = ['APT::Update', 'APT::Install', 'DPkg', 'APT::Architectures', 'Acquire::Languages'];
  return [
    ...cleared.map((name) => `#clear ${name};`),
    `APT::Architectures { "${architecture}"; };`,
    'Acquire::Languages { "none"; };',
    ...settings.map(([name, value]) => `${name} "${value}";`),
    '',
  ].join('\n');
}

export interface SourceSettings {
  readonly uri: string;
  readonly suites: readonly string[];
  /** The file with Debian's keys; undefined leaves the choice to the keys that the machine's apt trusts. */
  readonly keyring: string | undefined;
}

export function aptSource({ uri, suites, keyring }: SourceSettings): string {
  const lines = ['Types: deb', `URIs: ${uri}`, `Suites: ${suites.join(' ')}`, 'Components: main'];
  if (keyring !== undefined) lines.push(`Signed-By: ${keyring}`);
  return `${lines.join('\n')}\n`;
}
