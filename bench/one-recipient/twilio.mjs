// Twilio's own client, over the custom HTTP client that it documents: to loopback, with keep-alive as its options say.
import { Agent } from 'node:http';
import twilio from 'twilio';

const [ACCOUNT, TOKEN] = ['AC0123456789abcdef0123456789abcdef', '0123456789abcdef0123456789abcdef'];

class LoopbackClient extends twilio.RequestClient {
  constructor(origin) {
    super({ timeout: 15_000 });
    this.origin = origin;
    // What maxSockets and keepAlive make of the https.Agent; plain HTTP as for every other client here.
    this.axios.defaults.httpAgent = new Agent({ keepAlive: true, maxSockets: 64 });
  }

  request(options) {
    return super.request({ ...options, uri: options.uri.replace('https://api.twilio.com', this.origin) });
  }
}

export function open(url) {
  const client = twilio(ACCOUNT, TOKEN, { httpClient: new LoopbackClient(new URL(url).origin) });
  return async (number) => {
    const { sid } = await client.messages.create({
      to: `+${number}`,
      from: '+15005550006',
      body: 'Your code is 482913',
    });
    return sid;
  };
}
