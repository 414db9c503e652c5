import { createHash, timingSafeEqual } from 'node:crypto';
import { createAdaptorServer } from '@hono/node-server';
import { Hono } from 'hono';
import { type Address, formatAddress, ListenError } from '../../transport/index.js';
import type { Gateway } from '../gateway.js';
import { GatewayError } from '../gateway-error.js';
import type { Metrics } from '../metrics.js';
import { statusOf } from '../status.js';
import { Live } from './live.js';
import { adminPage, pagePolicy } from './page.js';

export interface AdminOptions {
  readonly address: Address;
  /** `Authorization: Bearer <token>` is asked for everything but the page itself, /healthz and /readyz. */
  readonly token?: string;
}

const REQUEST_TIMEOUT_MS = 10_000;
const CONNECTIONS_MAX = 100;

/**
 * HTTP for operators: a page for people (`/`, which asks `/live`), `/healthz` (the process lives), `/readyz` (clients that
 * come now are served), `/metrics` (Prometheus) and `/status` (JSON). It answers GET only, and changes nothing.
 */
export class Admin {
  readonly #server: ReturnType<typeof createAdaptorServer>;
  readonly #options: AdminOptions;
  readonly #live: Live;

  /** @throws GatewayError SEGUE_GATEWAY_ADMIN_OPEN for an address that others can reach, without a token. */
  constructor(options: AdminOptions, gateway: Gateway, metrics: Metrics) {
    if (options.token === undefined && !isLocal(options.address)) {
      throw new GatewayError(
        'SEGUE_GATEWAY_ADMIN_OPEN',
        `the admin endpoint ${formatAddress(options.address)} can be reached from other machines: ` +
          'give it a token (--admin-token-file, or SEGUE_ADMIN_TOKEN), or an address on loopback',
      );
    }
    this.#options = options;
    this.#live = new Live(gateway);
    this.#server = createAdaptorServer({ fetch: application(options, gateway, metrics, this.#live).fetch });
    this.#server.maxConnections = CONNECTIONS_MAX;
    if ('requestTimeout' in this.#server) this.#server.requestTimeout = REQUEST_TIMEOUT_MS;
  }

  /** Resolves with the address, whose port may have been 0. Rejects with a ListenError. */
  async start(): Promise<Address> {
    const { address } = this.#options;
    const server = this.#server;
    await new Promise<void>((resolve, reject) => {
      server.once('error', (error: Error) => reject(new ListenError(address, error)));
      server.listen(address.kind === 'unix' ? address.path : { host: address.host, port: address.port }, resolve);
    });
    this.#live.start();
    const bound = server.address();
    return address.kind === 'tcp' && bound !== null && typeof bound === 'object'
      ? { ...address, port: bound.port }
      : address;
  }

  async stop(): Promise<void> {
    const server = this.#server;
    this.#live.stop();
    await new Promise<void>((resolve) => {
      server.close(() => resolve());
      if ('closeAllConnections' in server) server.closeAllConnections();
    });
  }
}

function application({ address, token }: AdminOptions, gateway: Gateway, metrics: Metrics, live: Live): Hono {
  const app = new Hono();
  app.use(async (context, next) => {
    context.header('Cache-Control', 'no-store');
    context.header('X-Content-Type-Options', 'nosniff');
    await next();
  });
  // Nothing about this gateway is in it, so it may ask for the token.
  app.get('/', (context) => {
    context.header('Content-Security-Policy', pagePolicy);
    context.header('Referrer-Policy', 'no-referrer');
    return context.html(adminPage);
  });
  app.get('/healthz', (context) => context.text('ok\n'));
  app.get('/readyz', (context) => {
    const { unready } = gateway;
    return unready === undefined ? context.text('ready\n') : context.text(`${unready}\n`, 503);
  });
  app.use(async (context, next) => {
    if (token !== undefined && !isToken(context.req.header('authorization'), token)) {
      return context.text('a token is needed\n', 401, { 'WWW-Authenticate': 'Bearer' });
    }
    // Without a token, a page in a browser on this machine must not read it under a name of its own.
    if (token === undefined && address.kind === 'tcp' && !isLocalName(context.req.header('host'))) {
      return context.text('this host name is not served\n', 403);
    }
    return next();
  });
  app.get('/metrics', async (context) =>
    context.body(await metrics.text(), 200, { 'Content-Type': metrics.contentType }),
  );
  app.get('/status', (context) => context.json(statusOf(gateway)));
  app.get('/live', (context) => {
    const { since, of } = context.req.query();
    return context.json(live.since(Number(since) || 0, Number(of)));
  });
  app.notFound((context) => context.text('there are /, /healthz, /readyz, /metrics, /status and /live\n', 404));
  return app;
}

function isLocal(address: Address): boolean {
  return address.kind === 'unix' || isLoopback(address.host);
}

function isLoopback(host: string): boolean {
  return host === 'localhost' || host === '::1' || /^127\.\d{1,3}\.\d{1,3}\.\d{1,3}$/.test(host);
}

function isLocalName(host: string | undefined): boolean {
  return host !== undefined && isLoopback(host.replace(/:\d*$/, '').replace(/^\[(.*)\]$/, '$1'));
}

/** Takes the same time for every wrong token. */
function isToken(header: string | undefined, token: string): boolean {
  const digest = (text: string) => createHash('sha256').update(text).digest();
  return timingSafeEqual(digest(header ?? ''), digest(`Bearer ${token}`));
}
