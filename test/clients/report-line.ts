/**
 * One line that a client program prints, as JSON. programs/README.md says what is said when. Numbers count the steps of
 * the program's role from 0.
 */
export interface ReportLine {
  /** The library, its version and its language; once, when it is connected. */
  readonly ready?: string;
  /** A step was acknowledged. */
  readonly ack?: number;
  /** EXEC was answered nil: the step was not made, and is not made again. */
  readonly again?: number;
  /** A step failed, with `error`. */
  readonly fail?: number;
  readonly error?: string;
  /** What RPUSH was answered. */
  readonly reply?: number;
  /** What INCR was answered, in role `single`; what the list ended with. */
  readonly count?: number;
  readonly read?: string;
  /** What INCR was answered in a transaction. */
  readonly version?: number;
  /** Different keys that a whole SCAN found. */
  readonly keys?: number;
  /** An item of the queue. */
  readonly got?: string;
  /** A message. */
  readonly heard?: string;
  /** Commands handed over by a program that is answered at its end only. */
  readonly sent?: number;
  /** Of the many subscribers: how often all publishers were heard; at the end, how many messages that were. */
  readonly round?: number;
  readonly messages?: number;
  /** What one of them found wrong, in words, and how much of it. */
  readonly finding?: 'lost' | 'doubled' | 'reordered';
  readonly text?: string;
  readonly missing?: number;
  readonly done?: true;
}

/** Undefined when it is none. */
export function parseReportLine(text: string): ReportLine | undefined {
  try {
    const line: unknown = JSON.parse(text);
    return typeof line === 'object' && line !== null ? line : undefined;
  } catch {
    return undefined;
  }
}
