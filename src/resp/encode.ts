/** Encodes one command as an array of bulk strings; strings as UTF-8, numbers in decimal. The result is a buffer of its own. */
export function encodeCommand(args: readonly (string | number | Uint8Array)[]): Buffer {
  const parts: Uint8Array[] = [Buffer.from(`*${args.length}\r\n`)];
  for (const arg of args) {
    const body = typeof arg === 'object' ? arg : Buffer.from(String(arg));
    parts.push(Buffer.from(`$${body.length}\r\n`), body, crlf);
  }
  return Buffer.concat(parts);
}

/**
 * Encodes an error reply. `code` is the upper-case word in front; control bytes (CR and LF above all), which would break the
 * frame, become spaces in both.
 */
export function encodeError(code: string, text: string): Buffer {
  return Buffer.from(`-${safe(`${code} ${text}`)}\r\n`);
}

const crlf = Buffer.from('\r\n');

function safe(text: string): string {
  let line = '';
  for (const char of text) line += char < ' ' || char === '\x7f' ? ' ' : char;
  return line;
}
