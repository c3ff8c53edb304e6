// What loading some packages costs, in a process of its own.
const names = process.argv.slice(2);
const started = performance.now();
for (const name of names) await import(name);
const time = performance.now() - started;
globalThis.gc();
process.send({ time, heap: process.memoryUsage().heapUsed / 2 ** 20 }, () => process.exit(0));
