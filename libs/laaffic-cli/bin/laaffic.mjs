#!/usr/bin/env node
import { existsSync } from 'node:fs';

const cli = new URL('../dist/cli.js', import.meta.url);
// Only a fresh clone is not built: a published package always has its dist.
if (!existsSync(cli)) {
  const { buildPackages } = await import('../../../scripts/build-packages.mjs');
  buildPackages('laaffic', ['nestjs-laaffic', 'nestjs-laaffic-outbox', 'laaffic-sandbox', 'laaffic-cli']);
}
await import(cli.href);
