// Those who read while others send: downloads of results one after the other, readers that do not read what they asked
// for, and watchers of a campaign's events.
import { Agent, get } from 'node:http';

const [url, done, running, downloads, idle, watchers] = process.argv.slice(2);
const agent = new Agent({ maxSockets: Infinity });
let lines = 0;
let events = 0;
let rejected = 0;

function ask(path, onAnswer) {
  return new Promise((resolve) => {
    const request = get(`${url}${path}`, { agent }, (answer) => {
      if (answer.statusCode !== 200) {
        rejected++;
        answer.resume();
        setTimeout(resolve, Number(answer.headers['retry-after'] ?? 1) * 1_000);
        return;
      }
      onAnswer(answer);
      answer.on('close', resolve);
    });
    request.on('error', () => setTimeout(resolve, 1_000));
  });
}

async function again(path, onAnswer) {
  for (;;) await ask(path, onAnswer);
}

for (let i = 0; i < Number(downloads); i++) {
  void again(`/v1/campaigns/${done}/results`, (answer) =>
    answer.on('data', (chunk) => {
      for (const byte of chunk) if (byte === 10) lines++;
    }),
  );
}
// Never read: the socket fills up.
for (let i = 0; i < Number(idle); i++) void again(`/v1/campaigns/${done}/results`, (answer) => answer.pause());
for (let i = 0; i < Number(watchers); i++) {
  void again(`/v1/campaigns/${running}/events`, (answer) => answer.on('data', () => events++));
}
process.on('message', () => process.send({ lines, events, rejected }));
process.send('ready');
