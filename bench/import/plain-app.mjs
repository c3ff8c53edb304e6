import { startApp } from './app.mjs';

await startApp([]);
