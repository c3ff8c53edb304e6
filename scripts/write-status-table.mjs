import { readFileSync, writeFileSync } from 'node:fs';
import { withStatusTable } from './status-table.js';

const page = new URL('../docs/errors.md', import.meta.url);
writeFileSync(page, withStatusTable(readFileSync(page, 'utf8')));
