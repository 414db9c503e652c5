import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Readable, Writable } from 'node:stream';
import { waitFor } from '../../src/lab/wait-for.js';

interface Message {
  readonly id?: number;
  readonly method?: string;
  readonly params?: Record<string, unknown>;
  readonly result?: Record<string, unknown>;
  readonly error?: { readonly message: string };
}

const FLAGS = [
  '--headless=new',
  '--no-sandbox',
  '--disable-gpu',
  '--disable-dev-shm-usage',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
  '--hide-scrollbars',
  '--remote-debugging-pipe',
];

const CALL_DEADLINE_MS = 30_000;

/** A headless Chromium with one page, spoken to over a pipe (the DevTools protocol): no port is opened. */
export class Browser {
  readonly #child: ChildProcess;
  readonly #waiting = new Map<number, (message: Message) => void>();
  #calls = 0;
  #session: string | undefined;
  #ended: string | undefined;
  /** What the page complained about: uncaught errors, and what the console or the security policy says. */
  readonly complaints: string[] = [];
  /** Addresses that the page asked for. */
  readonly requests: string[] = [];

  private constructor(
    command: string,
    private readonly folder: string,
  ) {
    this.#child = spawn(command, [...FLAGS, `--user-data-dir=${folder}`, 'about:blank'], {
      stdio: ['ignore', 'ignore', 'ignore', 'pipe', 'pipe'],
      env: { ...process.env, HOME: folder, XDG_CONFIG_HOME: folder, XDG_CACHE_HOME: folder },
    });
    let text = '';
    (this.#child.stdio[4] as Readable).setEncoding('utf8').on('data', (part: string) => {
      const messages = (text + part).split('\0');
      text = messages.pop()!;
      for (const message of messages) this.#take(JSON.parse(message) as Message);
    });
    // What is asked then is answered by `exit`.
    for (const pipe of [this.#child.stdio[3], this.#child.stdio[4]]) pipe?.on('error', () => {});
    this.#child.on('exit', (code, signal) => {
      this.#ended = `the browser has ended: ${code ?? signal}`;
      for (const [id, settle] of this.#waiting) settle({ id, error: { message: this.#ended } });
    });
  }

  static async open(command: string): Promise<Browser> {
    const browser = new Browser(command, await mkdtemp(join(tmpdir(), 'segue-browser-')));
    try {
      const { targetId } = await browser.call('Target.createTarget', { url: 'about:blank' });
      const { sessionId } = await browser.call('Target.attachToTarget', { targetId, flatten: true });
      browser.#session = sessionId as string;
      for (const part of ['Page', 'Runtime', 'Network', 'Log']) await browser.call(`${part}.enable`);
      return browser;
    } catch (error) {
      await browser.close();
      throw error;
    }
  }

  async close(): Promise<void> {
    const child = this.#child;
    const gone = new Promise((resolve) => child.once('exit', resolve));
    if (child.exitCode === null && child.signalCode === null && child.kill('SIGKILL')) await gone;
    // Its helpers may still be writing for a moment.
    await rm(this.folder, { recursive: true, force: true, maxRetries: 20, retryDelay: 100 });
  }

  /** One command of the protocol. Rejects with what the browser says against it. */
  call(method: string, params: object = {}): Promise<Record<string, unknown>> {
    const id = ++this.#calls;
    if (this.#ended !== undefined) return Promise.reject(new Error(`${method}: ${this.#ended}`));
    return new Promise((resolve, reject) => {
      const late = setTimeout(() => reject(new Error(`${method}: the browser does not answer`)), CALL_DEADLINE_MS);
      this.#waiting.set(id, ({ result, error }) => {
        clearTimeout(late);
        if (error === undefined) resolve(result ?? {});
        else reject(new Error(`${method}: ${error.message}`));
      });
      const sessionId = this.#session === undefined ? {} : { sessionId: this.#session };
      (this.#child.stdio[3] as Writable).write(`${JSON.stringify({ id, method, params, ...sessionId })}\0`);
    });
  }

  async goTo(url: string): Promise<void> {
    await this.call('Page.navigate', { url });
  }

  /** In the page; the value must be one that JSON can carry. */
  async evaluate<T>(expression: string): Promise<T> {
    const answer = await this.call('Runtime.evaluate', { expression, returnByValue: true, awaitPromise: true });
    const { exceptionDetails, result } = answer as { exceptionDetails?: { text: string }; result: { value: T } };
    if (exceptionDetails !== undefined) throw new Error(`${expression}: ${JSON.stringify(exceptionDetails)}`);
    return result.value;
  }

  /** What people can read of the page. */
  text(selector = 'body'): Promise<string> {
    return this.evaluate(`document.querySelector(${JSON.stringify(selector)})?.innerText ?? ''`);
  }

  async until(pattern: RegExp, selector = 'body'): Promise<string> {
    return waitFor(() => this.text(selector), {
      deadlineMs: 20_000,
      what: `${pattern} in ${selector}`,
      until: (text) => pattern.test(text),
      intervalMs: 50,
    });
  }

  async size(width: number, height: number, deviceScaleFactor = 1): Promise<void> {
    await this.call('Emulation.setDeviceMetricsOverride', { width, height, deviceScaleFactor, mobile: width < 600 });
  }

  async scheme(value: 'light' | 'dark'): Promise<void> {
    await this.call('Emulation.setEmulatedMedia', { features: [{ name: 'prefers-color-scheme', value }] });
  }

  /** The whole page as a PNG. */
  async picture(file: string): Promise<void> {
    const { data } = await this.call('Page.captureScreenshot', { captureBeyondViewport: true });
    await writeFile(file, Buffer.from(data as string, 'base64'));
  }

  #take({ id, method, params = {}, ...outcome }: Message): void {
    if (id !== undefined) {
      this.#waiting.get(id)?.(outcome);
      this.#waiting.delete(id);
      return;
    }
    if (method === 'Runtime.exceptionThrown' || method === 'Runtime.consoleAPICalled' || method === 'Log.entryAdded') {
      this.complaints.push(JSON.stringify(params));
    }
    if (method === 'Network.requestWillBeSent') {
      this.requests.push((params as { request: { url: string } }).request.url);
    }
  }
}
