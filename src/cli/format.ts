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
  return `${family.charAt(0).toUpperCase()}${family.slice(1)} ${number}`;
}
