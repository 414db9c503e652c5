import { createHash } from 'node:crypto';
import { charts } from './page/charts.js';
import { livePage } from './page/live-page.js';
import { sections } from './page/sections.js';
import { words } from './page/words.js';
import { pageStyle } from './page-style.js';

const script = `(${livePage})(window, { words: ${words}, charts: ${charts}, sections: ${sections} });`;

const icon =
  "data:image/svg+xml,%3Csvg xmlns='http://www.w3.org/2000/svg' viewBox='0 0 16 16'%3E" +
  "%3Ccircle cx='5' cy='8' r='4' fill='%23f2a04a'/%3E%3Ccircle cx='11' cy='8' r='4' fill='%230b9a92'/%3E%3C/svg%3E";

/** The page for people: complete in itself, and the same for every gateway; what it shows it asks for (`/live`). */
export const adminPage = `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="robots" content="noindex">
<title>Segue gateway</title>
<link rel="icon" href="${icon}">
<style>${pageStyle}</style>
</head>
<body>
<main>
<p id="silent" role="alert" hidden></p>
<form id="door" hidden>
<h1>Segue gateway</h1>
<p class="muted">This gateway can be reached from other machines. What it is doing it tells who has its token (<code>--admin-token-file</code>).</p>
<label for="token">Token</label>
<div class="row"><input id="token" type="password" autocomplete="off" required><button type="submit">Show</button></div>
<p id="door-why" class="bad" role="alert"></p>
</form>
<div id="live" hidden>
<header>
<div class="brand"><span class="logo" aria-hidden="true"></span>Segue gateway<button id="forget" type="button" hidden>Forget the token</button></div>
<div class="head"><div id="headline"></div><div id="health" role="status"></div></div>
</header>
<ul id="pair"></ul>
<ul id="figures"></ul>
<div class="columns">
<section class="wide"><div class="charts">
<figure id="rate"><figcaption><h2>Throughput</h2><span class="key to">commands a second</span><output></output></figcaption><div class="plot"></div></figure>
<figure id="times"><figcaption><h2>Time to answer</h2><span class="key canary">half within</span><span class="key from">99 of 100 within</span><span class="key other">slowest</span><output></output></figcaption><div class="plot"></div>
<div class="ages" aria-hidden="true"><span>5 min ago</span><span>4</span><span>3</span><span>2</span><span>1</span><span>now</span></div></figure>
<p class="muted note">From the arrival of a command until its answer left, of a sample of all commands; those that wait on purpose are left out. Upright lines are switches.</p>
</div></section>
<section class="wide"><h2>Switches</h2><ol id="switches"></ol></section>
<section><h2>Clients by library</h2><ul id="libraries" class="shares"></ul></section>
<section><h2>Sessions by state</h2><ul id="states" class="shares"></ul></section>
<section class="all"><h2>Listeners</h2><ul id="listeners"></ul></section>
</div>
</div>
<noscript><p>This page needs JavaScript. The same facts as JSON: <code>/status</code>; for Prometheus: <code>/metrics</code>.</p></noscript>
</main>
<script>${script}</script>
</body>
</html>
`;

const hash = (text: string): string => `'sha256-${createHash('sha256').update(text).digest('base64')}'`;

/** Nothing but this very script and style sheet, asking nobody but this gateway, in nobody's frame. */
export const pagePolicy = [
  "default-src 'none'",
  `script-src ${hash(script)}`,
  `style-src ${hash(pageStyle)}`,
  "connect-src 'self'",
  'img-src data:',
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
].join('; ');
