import { describe, expect, it } from 'vitest';
import {
  aptConfiguration,
  aptSource,
  debianArchives,
  dpkgStatus,
  parseIndexTargets,
} from '../../../../src/lab/packages/apt-archive.js';

function stanza(fields: Record<string, string>): string {
  return Object.entries({ Component: 'main', ...fields })
    .map(([name, value]) => `${name}: ${value}\n`)
    .join('');
}

const main = stanza({
  MetaKey: 'main/binary-amd64/Packages',
  Release: 'bookworm',
  'Repo-URI': 'http://mirror.test/debian/',
});
const fetched = { Origin: 'Debian', Label: 'Debian' };

function archivesOf(...stanzas: string[]): string[] {
  return debianArchives(parseIndexTargets(stanzas.join('\n')));
}

describe('parseIndexTargets', () => {
  it('reads fields with hyphens, colons in values and empty values', () => {
    const output = `${main}Fallback-Of: \nDescription: http://mirror.test/debian bookworm/main\n\n${main}\n`;
    const targets = parseIndexTargets(output);
    expect(targets).toHaveLength(2);
    expect(targets[0]).toMatchObject({
      'Repo-URI': 'http://mirror.test/debian/',
      Release: 'bookworm',
      'Fallback-Of': '',
      Description: 'http://mirror.test/debian bookworm/main',
    });
  });

  it('reads nothing out of nothing', () => {
    expect(parseIndexTargets('')).toEqual([]);
    expect(parseIndexTargets('\n\n')).toEqual([]);
  });
});

describe('debianArchives', () => {
  it('takes the archive once, however many suites come from it', () => {
    const updates = stanza({ Release: 'bookworm-updates', 'Repo-URI': 'http://mirror.test/debian/' });
    expect(archivesOf(main, updates)).toEqual(['http://mirror.test/debian/']);
  });

  it('leaves out security, other components and media', () => {
    expect(
      archivesOf(
        stanza({ Release: 'bookworm-security', 'Repo-URI': 'http://mirror.test/debian-security/', ...fetched }),
        stanza({ Release: 'bookworm', Component: 'stable', 'Repo-URI': 'https://vendor.test/linux/debian/' }),
        stanza({ Release: 'nodistro', 'Repo-URI': 'https://node.test/node_20.x/' }),
        stanza({ Release: 'bookworm', 'Repo-URI': 'cdrom:[Debian 12]/' }),
      ),
    ).toEqual([]);
  });

  it('believes Origin and Label where apt knows them', () => {
    const vendor = {
      Release: 'bookworm',
      'Repo-URI': 'https://vendor.test/debian/',
      Origin: 'Vendor',
      Label: 'Vendor',
    };
    const odd = { Release: 'trixie', 'Repo-URI': 'http://cache.test/d/', ...fetched };
    expect(archivesOf(stanza(vendor), stanza(odd))).toEqual(['http://cache.test/d/']);
  });

  it('puts the likeliest first before the first apt-get update', () => {
    const vendor = stanza({ Release: 'bookworm', 'Repo-URI': 'https://vendor.test/' });
    expect(archivesOf(vendor, main)).toEqual(['http://mirror.test/debian/', 'https://vendor.test/']);
  });

  it('knows a vendor again that apt knows, also where apt does not say who made it', () => {
    const vendor = { Release: 'bookworm', 'Repo-URI': 'https://vendor.test/debian/' };
    expect(archivesOf(stanza({ ...vendor, Origin: 'Vendor', Label: 'Vendor' }), stanza(vendor), main)).toEqual([
      'http://mirror.test/debian/',
    ]);
  });

  it('takes a list of mirrors', () => {
    const uri = 'mirror+file:///etc/apt/mirrors/debian.list';
    expect(archivesOf(stanza({ Release: 'trixie', 'Repo-URI': uri }))).toEqual([uri]);
  });

  it('finds none on Ubuntu', () => {
    expect(
      archivesOf(stanza({ Release: 'noble', 'Repo-URI': 'http://ubuntu.test/ubuntu/', Origin: 'Ubuntu' })),
    ).toEqual([]);
  });
});

describe('our apt settings', () => {
  const text = aptConfiguration({ folder: '/tmp/apt', architecture: 'arm64' });

  it('never take what is not signed', () => {
    for (const name of [
      'APT::Get::AllowUnauthenticated',
      'Acquire::AllowInsecureRepositories',
      'Acquire::AllowWeakRepositories',
      'Acquire::AllowDowngradeToInsecureRepositories',
    ]) {
      expect(text).toContain(`${name} "false";`);
    }
    const source = aptSource({ uri: 'http://mirror.test/debian/', suites: ['sid'], keyring: '/keys.gpg' });
    expect(source).toContain('\nSigned-By: /keys.gpg\n');
    expect(text + source).not.toMatch(/trusted|allow-/i);
  });

  it("run none of the machine's hooks and touch none of its state", () => {
    for (const name of ['APT::Update', 'APT::Install', 'DPkg']) expect(text).toContain(`#clear ${name};`);
    for (const name of ['Dir::State', 'Dir::State::lists', 'Dir::State::status', 'Dir::Cache', 'Dir::Log']) {
      expect(text).toContain(`${name} "/tmp/apt/`);
    }
  });

  it('leave the proxy alone', () => {
    expect(text).not.toMatch(/proxy|Acquire::http/i);
  });

  it('declare present what no server needs, and no library', () => {
    const names = [...dpkgStatus().matchAll(/^Package: (.*)$/gm)].map((match) => match[1]!);
    expect(names).toContain('systemd');
    expect(names.filter((name) => name.startsWith('lib'))).toEqual([]);
    expect(dpkgStatus().split('\n\n')).toHaveLength(names.length);
  });

  it('does not claim that something is installed which is asked for', () => {
    expect(dpkgStatus()).toContain('Package: perl-base\n');
    expect(dpkgStatus(['libredis-perl', 'perl-base'])).not.toContain('Package: perl-base\n');
  });
});
