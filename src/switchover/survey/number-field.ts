/** A field of INFO as a number; undefined when it is missing or no number. */
export function numberField(info: ReadonlyMap<string, string>, name: string): number | undefined {
  const text = info.get(name);
  const value = Number(text);
  return text === undefined || text === '' || Number.isNaN(value) ? undefined : value;
}
