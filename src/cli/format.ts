/** 1,234,567 */
export function count(value: number): string {
  return Math.round(value).toLocaleString('en-US');
}

/** 0.4 ms, 12 ms, 3.2 s */
export function time(ms: number): string {
  if (Math.round(ms) >= 1000) return `${(ms / 1000).toFixed(1)} s`;
  return ms < 10 ? `${ms.toFixed(1)} ms` : `${Math.round(ms)} ms`;
}

/** valkey-9.1 → Valkey 9.1 */
export function versionName(label: string): string {
  const [family = '', number = ''] = label.split('-');
  return `${familyName(family)} ${number}`;
}

/** 0 bytes, 1 byte, 820 bytes, 1.2 KiB, 34 MiB */
export function bytes(value: number): string {
  if (value < 1024) return `${count(value)} ${value === 1 ? 'byte' : 'bytes'}`;
  const units = ['KiB', 'MiB', 'GiB', 'TiB'];
  const power = Math.min(units.length, Math.floor(Math.log2(value) / 10));
  const scaled = value / 1024 ** power;
  return `${scaled < 10 ? scaled.toFixed(1) : Math.round(scaled)} ${units[power - 1]}`;
}

/** 1 client, 2 clients */
export function plural(value: number, one: string, many = `${one}s`): string {
  return `${count(value)} ${value === 1 ? one : many}`;
}

/** valkey → Valkey */
export function familyName(family: string): string {
  return `${family.charAt(0).toUpperCase()}${family.slice(1)}`;
}
