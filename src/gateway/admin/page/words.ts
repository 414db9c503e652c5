/** How the page writes numbers and times. Runs in the browser: the page carries its source, so it uses nothing from outside. */
export function words() {
  const digits = (value: number): string => (value < 10 ? value.toFixed(1) : String(Math.round(value)));

  /** 1,234,567 */
  function count(value: number): string {
    return Math.round(value).toLocaleString('en-US');
  }

  /** 9,500, 12 k, 4.5 M, 1.8 G */
  function amount(value: number): string {
    if (value < 10_000) return count(value);
    if (value < 999_500) return `${digits(value / 1e3)} k`;
    return value < 999_500_000 ? `${digits(value / 1e6)} M` : `${digits(value / 1e9)} G`;
  }

  /** 0.08 ms, 0.4 ms, 12 ms, 3.2 s, 5 min, 3 h 20 min, 12 days */
  function duration(ms: number): string {
    if (ms < 0.1) return `${ms.toFixed(2)} ms`;
    if (ms < 999.5) return `${digits(ms)} ms`;
    const seconds = ms / 1_000;
    if (seconds < 60) return `${digits(seconds)} s`;
    const minutes = Math.floor(seconds / 60);
    if (minutes < 60) return `${minutes} min`;
    const hours = Math.floor(minutes / 60);
    if (hours < 48) return minutes % 60 === 0 ? `${hours} h` : `${hours} h ${minutes % 60} min`;
    return `${Math.floor(hours / 24)} days`;
  }

  /** 820 B, 1.2 KiB, 34 MiB */
  function bytes(value: number): string {
    if (value < 1_024) return `${count(value)} B`;
    const units = ['KiB', 'MiB', 'GiB', 'TiB'];
    const power = Math.min(units.length, Math.floor(Math.log2(value) / 10));
    return `${digits(value / 1_024 ** power)} ${units[power - 1]}`;
  }

  /** 1 client, 2 clients */
  function plural(value: number, one: string, many = `${one}s`): string {
    return `${count(value)} ${value === 1 ? one : many}`;
  }

  /** 14:03:59, as the reader's clock has it. */
  function clock(at: number): string {
    return new Date(at).toLocaleTimeString('en-GB');
  }

  /** The same today; with the date before. */
  function moment(at: number, now: number): string {
    const day = new Date(at).toLocaleDateString('en-GB', { day: 'numeric', month: 'short' });
    return day === new Date(now).toLocaleDateString('en-GB', { day: 'numeric', month: 'short' })
      ? clock(at)
      : `${day}, ${clock(at)}`;
  }

  return { count, amount, duration, bytes, plural, clock, moment };
}

export type Words = ReturnType<typeof words>;
