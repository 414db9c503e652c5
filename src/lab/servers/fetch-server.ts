import { type FetchOptions, fetchFolder } from '../packages/fetch.js';
import { readTree, type ServerTree, sealTree } from './server-tree.js';
import { debianSourceOf, familyOf, type ServerVersion } from './versions.js';

/** Documentation, locales and service files: two thirds of the unpacked bytes, and no server reads them. */
const unused = ['etc', 'var', 'usr/share', 'usr/sbin', 'usr/lib/systemd', 'usr/lib/udev', 'lib/systemd', 'lib/udev'];

/**
 * The unpacked packages of a version under `folder`, downloaded first when they are not there. Nothing is installed and
 * nothing outside `folder` is written. Rejects with SEGUE_LAB_FETCH_FAILED, or SEGUE_LAB_NO_SERVER when apt knows no Debian.
 */
export function fetchServer(version: ServerVersion, folder: string, options: FetchOptions = {}): Promise<ServerTree> {
  const recipe = {
    name: version,
    source: { ...debianSourceOf(version), packages: [`${familyOf(version)}-server`] },
    unused,
    read: readTree,
    seal: (root: string) => sealTree(root, version),
  };
  return fetchFolder(recipe, folder, options);
}
