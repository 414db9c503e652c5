// `npm run bench [-- name] [-- options]`: compiles bench/ and runs bench/<name>.ts, `ioredis` unless named otherwise.

import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { runNode } from './run-dist.mjs';
import { ensureCompiled, prepare, root, runScript, SetupError } from './setup.mjs';

const out = '.bench';

runScript(async () => {
  prepare();
  const [first, ...rest] = process.argv.slice(2);
  const named = first !== undefined && !first.startsWith('-');
  const name = named ? first : 'ioredis';
  if (!existsSync(join(root, 'bench', `${name}.ts`))) {
    const files = readdirSync(join(root, 'bench')).filter((file) => file.endsWith('.ts'));
    const names = files.map((file) => file.replace('.ts', ''));
    throw new SetupError(`there is no benchmark "${name}"; there are ${names.join(', ')}`);
  }
  ensureCompiled('tsconfig.bench.json', ['src', 'bench'], out);
  process.exit(await runNode(join(root, out, 'bench', `${name}.js`), named ? rest : process.argv.slice(2)));
});
