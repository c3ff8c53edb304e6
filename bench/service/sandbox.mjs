// The gateway in a process of its own; tells how many messages it has accepted.
import { LaafficSandbox } from 'laaffic-sandbox';

let accepted = 0;
const sandbox = await LaafficSandbox.start({
  deliveredAfterMs: null,
  onRequest: (_, messages) => {
    accepted += messages.length;
  },
});
process.on('message', () => process.send({ accepted }));
process.send({ url: sandbox.url });
