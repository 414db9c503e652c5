import { makeStyle, type Style, wantsColor } from './style.js';

/** The part of a stream that is written to. */
export interface Screen {
  write(text: string): unknown;
  readonly columns?: number | undefined;
  readonly isTTY?: boolean | undefined;
}

/** What a command writes on. Results go to `out`, everything on the way to them to `err`. */
export interface Terminal {
  readonly out: Screen;
  readonly err: Screen;
  /** For what is written to `out`, and to `err`. */
  readonly style: Style;
  readonly errStyle: Style;
  /** What is drawn on `err` can be drawn again in its place. */
  readonly canRedraw: boolean;
  /** Somebody can be asked. */
  readonly canAsk: boolean;
  /** Fires at the first Ctrl-C (or SIGTERM, SIGHUP). */
  readonly interrupted: AbortSignal;
}

export function openTerminal(color: boolean, interrupted: AbortSignal): Terminal {
  const [out, err]: [Screen, Screen] = [process.stdout, process.stderr];
  const styleOf = (screen: Screen): Style => makeStyle(color && wantsColor(screen.isTTY === true));
  return {
    out,
    err,
    style: styleOf(out),
    errStyle: styleOf(err),
    canRedraw: err.isTTY === true && process.env.TERM !== 'dumb',
    canAsk: process.stdin.isTTY === true && err.isTTY === true,
    interrupted,
  };
}

/** One line, ended. */
export function say(screen: Screen, line: string): void {
  screen.write(`${line}\n`);
}
