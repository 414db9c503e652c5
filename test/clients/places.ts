import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

/** The checkout, from the sources as from what they are compiled to. */
export const checkout = findCheckout(dirname(fileURLToPath(import.meta.url)));

function findCheckout(folder: string): string {
  return existsSync(join(folder, 'package-lock.json')) ? folder : findCheckout(dirname(folder));
}

/** A client program. They run as they stand in the sources, whose node_modules they use. */
export function programFile(name: string): string {
  return join(checkout, 'test', 'clients', 'programs', name);
}
