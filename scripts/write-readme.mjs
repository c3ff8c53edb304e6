import { readFileSync, writeFileSync } from 'node:fs';
import { withStatusTable } from './status-table.js';

const readme = new URL('../libs/laaffic/README.md', import.meta.url);
writeFileSync(readme, withStatusTable(readFileSync(readme, 'utf8')));
