import { createServer, type Server } from 'node:http';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import type { LiveView } from '../../src/gateway/admin/live.js';
import { adminPage, pagePolicy } from '../../src/gateway/admin/page.js';
import { Admin, Metrics } from '../../src/gateway/index.js';
import { waitFor } from '../../src/lab/wait-for.js';
import { GatewayLab, type RawClient } from '../integration/gateway/lab.js';
import { Browser } from './browser.js';
import { cannedView } from './canned-view.js';

const TOKEN = 'open sesame %&';
const SCREENS = { phone: [360, 780], desk: [1280, 900], wall: [1920, 1080] } as const;

let browser: Browser;
beforeAll(async () => {
  const { SEGUE_CHROMIUM } = process.env;
  if (SEGUE_CHROMIUM === undefined) throw new Error('npm run test:browser says which browser to use');
  browser = await Browser.open(SEGUE_CHROMIUM);
});
afterAll(() => browser?.close());

const closing: (() => unknown)[] = [];
afterEach(async () => {
  for (const close of closing.splice(0).reverse()) await close();
});

/** A gateway before a real pair, with its endpoint. */
async function gatewayWithPage(token?: string): Promise<{ lab: GatewayLab; admin: Admin; url: string }> {
  // Each client moves by itself, and the page counts them.
  const lab = await GatewayLab.start({ listener: { share: false } });
  closing.push(() => lab.stop());
  const address = { kind: 'tcp', host: '127.0.0.1', port: 0 } as const;
  const admin = new Admin(
    { address, ...(token === undefined ? {} : { token }) },
    lab.gateway,
    new Metrics(lab.gateway),
  );
  const bound = await admin.start();
  closing.push(() => admin.stop());
  return { lab, admin, url: `http://127.0.0.1:${bound.kind === 'tcp' ? bound.port : 0}/` };
}

/** The page with an answer of ours. */
async function pageOf(view: LiveView): Promise<string> {
  const server: Server = createServer((request, response) => {
    if (request.url === '/') response.setHeader('Content-Security-Policy', pagePolicy).end(adminPage);
    else response.end(JSON.stringify(view));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  closing.push(() => {
    server.closeAllConnections();
    server.close();
  });
  return `http://127.0.0.1:${(server.address() as { port: number }).port}/`;
}

/** On every screen, in the light and in the dark: nothing is wider than the screen. Pictures for people, if they are wanted. */
async function looksRight(state: string): Promise<void> {
  const folder = process.env.SEGUE_PICTURES;
  for (const [screen, [width, height]] of Object.entries(SCREENS)) {
    for (const scheme of ['light', 'dark'] as const) {
      await browser.scheme(scheme);
      await browser.size(width, height);
      const [wide, tall] = await browser.evaluate<[number, number]>(
        '[document.documentElement.scrollWidth, document.documentElement.scrollHeight]',
      );
      expect(wide, `${state} on a ${screen}`).toBeLessThanOrEqual(width);
      if (folder === undefined) continue;
      await browser.size(width, Math.max(height, tall));
      await browser.picture(join(folder, `${state}-${screen}-${scheme}.png`));
    }
  }
}

/** What is wrong with the page. That a password field stands without a user name is no fault here. */
function faults(): string[] {
  return browser.complaints.filter((text) => !/Password forms|Failed to load resource/.test(text));
}

async function open(url: string): Promise<void> {
  browser.complaints.length = 0;
  browser.requests.length = 0;
  await browser.goTo(url);
}

describe('the page for people, in a browser', () => {
  it('shows the pair, the load, a switch, the loss of the primary, and that the gateway itself is gone', async () => {
    const { lab, admin, url } = await gatewayWithPage();
    await open(url);
    await browser.until(/primary in term 1/, '#headline');
    await browser.until(/^0\ncommands a second/, '#figures');
    expect(await browser.text('#pair')).toContain(lab.primary.address);
    await looksRight('idle');

    const load = busy(lab);
    await browser.until(/^[1-9][\d,]*\ncommands a second\n\d+(\.\d+)? ms/, '#figures');
    await browser.until(/my-library\s+4/, '#libraries');
    await browser.until(/flowing\s+4/, '#states');
    await looksRight('load');

    await lab.switchOver();
    await browser.until(/primary in term 2/, '#headline');
    const told = await browser.until(/[4-9] sessions/, '#switches');
    expect(told).toMatch(/→ .*term 2[\s\S]*planned[\s\S]*held \d+(\.\d+)? ms at most/);
    expect(told).not.toMatch(/unknown outcome|given up/);
    await looksRight('switched');

    lab.primary.kill('SIGKILL');
    await browser.until(/no primary/, '#health');
    await browser.until(/No primary[\s\S]*commands? waits?/, '#headline');
    expect(await browser.text('#pair')).toContain('down');
    await looksRight('lost');
    expect(faults()).toEqual([]);

    load.stop();
    await admin.stop();
    await browser.until(/has not answered since \d\d:\d\d:\d\d/, '#silent');
    await looksRight('silent');
    expect(browser.requests.every((address) => address.startsWith(url))).toBe(true);
  });

  it('asks for the token, and puts it into nothing but a header', async () => {
    const { url } = await gatewayWithPage(TOKEN);
    const type = async (text: string): Promise<void> => {
      await browser.call('Input.insertText', { text });
      await browser.call('Input.dispatchKeyEvent', {
        type: 'keyDown',
        key: 'Enter',
        windowsVirtualKeyCode: 13,
        text: '\r',
      });
    };
    const asked = () =>
      waitFor(() => browser.evaluate('document.activeElement.id'), {
        deadlineMs: 20_000,
        what: 'the field for the token, ready to be typed into',
        until: (id) => id === 'token',
      });
    await open(url);
    await asked();
    await looksRight('token');
    await type('wrong');
    await browser.until(/This is not the token/, '#door');
    await type(TOKEN);
    await browser.until(/primary in term 1/, '#headline');
    await browser.goTo(url);
    await browser.until(/primary in term 1/, '#headline');
    expect(await browser.evaluate('location.href + document.cookie + JSON.stringify(localStorage)')).toBe(`${url}{}`);
    expect(browser.requests.join()).not.toMatch(/sesame|wrong/);
    expect(await browser.evaluate('document.documentElement.outerHTML.includes("sesame")')).toBe(false);
    await browser.evaluate('document.getElementById("forget").click()');
    await asked();
    expect(await browser.evaluate('sessionStorage.length')).toBe(0);
    expect(faults()).toEqual([]);
  });

  it('shows what clients call themselves as text, and stays readable with much to say', async () => {
    const evil = '<img src=x onerror="document.title=\'evil\'"> & </script><b>name';
    await open(await pageOf(cannedView(evil)));
    await browser.until(/holding commands/, '#health');
    expect(await browser.text('#libraries')).toContain(evil);
    expect(await browser.text('#pair')).toContain(evil);
    expect(await browser.evaluate('document.title')).toBe('holding commands: 10.0.0.1:6379 · Segue');
    expect(await browser.evaluate('document.images.length')).toBe(0);
    expect(await browser.text('#switches')).toMatch(/12 commands of unknown outcome/);
    await looksRight('holding');
    await browser.size(1280, 900);
    await browser.evaluate("document.querySelector('#rate .plot').scrollIntoView()");
    const { left, top } = await browser.evaluate<{ left: number; top: number }>(
      "(({ left, width, top }) => ({ left: left + width * 0.4, top: top + 20 }))(document.querySelector('#rate .plot').getBoundingClientRect())",
    );
    await browser.call('Input.dispatchMouseEvent', { type: 'mouseMoved', x: left, y: top });
    expect(await browser.until(/./, '#rate output')).toMatch(/^\d\d:\d\d:\d\d: commands a second \d\d k$/);
    expect(faults()).toEqual([]);
  });
});

/** Four clients that ask one thing after the other. */
function busy(lab: GatewayLab): { stop(): void } {
  let running = true;
  const work = async (client: RawClient): Promise<void> => {
    while (running) {
      const { bytes } = client;
      client.write('INCR load\r\n');
      await waitFor(() => client.bytes > bytes || !running, { deadlineMs: 60_000, what: 'an answer', intervalMs: 5 });
    }
  };
  for (let n = 0; n < 4; n++) {
    const client = lab.raw().write('CLIENT SETINFO LIB-NAME my-library\r\n');
    void client.until('+OK\r\n').then(() => work(client));
  }
  return {
    stop() {
      running = false;
    },
  };
}
