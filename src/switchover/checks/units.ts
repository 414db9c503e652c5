const steps = ['bytes', 'KiB', 'MiB', 'GiB', 'TiB'];

/** `10.0 MiB`, as in the servers' own configuration: 1 KiB is 1024 bytes. */
export function sizeText(bytes: number): string {
  let [value, at] = [bytes, 0];
  while (value >= 1024 && at < steps.length - 1) [value, at] = [value / 1024, at + 1];
  return at === 0 ? `${Math.round(value)} bytes` : `${value.toFixed(1)} ${steps[at]}`;
}

/** `1 user`, `2 users` */
export function countText(count: number, one: string, many = `${one}s`): string {
  return `${count} ${count === 1 ? one : many}`;
}

/** `a, b and 3 more` */
export function listText(names: readonly string[], max = 5): string {
  if (names.length <= max) return names.join(', ');
  return `${names.slice(0, max).join(', ')} and ${names.length - max} more`;
}
