// npm run bench [one-recipient | bulk | outbox | enqueue | growth | service | pushes | import | validation | verify]: each client in a process of its own, all in one run.
import { bulk } from './bulk/index.mjs';
import { importTime } from './import/index.mjs';
import { enqueue } from './outbox/enqueue.mjs';
import { growth } from './outbox/growth.mjs';
import { oneRecipient } from './one-recipient/index.mjs';
import { outbox } from './outbox/index.mjs';
import { pushes } from './pushes/index.mjs';
import { service } from './service/index.mjs';
import { validation } from './validation.mjs';
import { verify } from './verify/index.mjs';

const BENCHES = {
  'one-recipient': oneRecipient,
  bulk,
  outbox,
  enqueue,
  growth,
  service,
  pushes,
  import: importTime,
  validation,
  verify,
};
const wanted = process.argv.slice(2);

for (const name of wanted.length > 0 ? wanted : Object.keys(BENCHES)) {
  const bench = BENCHES[name];
  if (bench === undefined) throw new Error(`There is no bench ${name}; there are ${Object.keys(BENCHES).join(', ')}`);
  console.log(`\n${await bench()}\n`);
}
