/** `tlsCa` → `tls-ca`: the key in a file. */
export function fileKeyOf(name: string): string {
  return name.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);
}

/** `tlsCa` → `--tls-ca`; with `isNegated`, `notice` → `--no-notice`. */
export function flagOf(name: string, isNegated = false): string {
  return `--${isNegated ? 'no-' : ''}${fileKeyOf(name)}`;
}

/** `tlsCa` → `SEGUE_TLS_CA` */
export function variableOf(name: string): string {
  return `SEGUE_${fileKeyOf(name).replaceAll('-', '_').toUpperCase()}`;
}

/** The twin of a secret that names a file: `password` → `passwordFile`. */
export function fileTwinOf(name: string): string {
  return `${name}File`;
}
