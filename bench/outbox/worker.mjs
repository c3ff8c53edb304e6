// A worker process: tells what it has used when it is asked to end.
import { startApp } from './app.mjs';

const [baseUrl, database] = process.argv.slice(2);
const app = await startApp(baseUrl, { database, migrate: false });
const cpu = process.cpuUsage();
process.send('ready');
process.on('message', () => {
  const { user, system } = process.cpuUsage(cpu);
  process.send({ cpu: user + system }, () => void app.close().then(() => process.exit(0)));
});
