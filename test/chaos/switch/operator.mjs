// An operator in a process of its own, which can be killed. argv: folder of the compiled switchover, options, the boundary
// to stop at (JSON or "none"). Tells { at } there and waits for any message; tells { end } at the end.
import { pathToFileURL } from 'node:url';

const [, , folder, optionsText, boundaryText] = process.argv;
const { switchPrimary } = await import(pathToFileURL(`${folder}/switchover/index.js`).href);
const boundary = JSON.parse(boundaryText);

const onBoundary = async ({ step, side }) => {
  if (boundary === null || step !== boundary.step || side !== boundary.side) return;
  const go = new Promise((resolve) => process.once('message', resolve));
  process.send({ at: boundary });
  await go;
};

const end = await switchPrimary({ ...JSON.parse(optionsText), onBoundary }).then(
  (report) => ({ code: 'switched', report }),
  (error) => ({ code: error.code ?? 'internal', reason: error.stack ?? error.message }),
);
process.send({ end }, () => process.disconnect());
