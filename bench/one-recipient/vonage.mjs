// Vonage's own client. It calls Node's fetch, which keeps connections alive by itself; there is nothing to configure.
import { Auth } from '@vonage/auth';
import { SMS } from '@vonage/sms';

export function open(url, { apiKey, apiSecret }) {
  const sms = new SMS(new Auth({ apiKey, apiSecret }), { restHost: new URL(url).origin, timeout: 15_000 });
  return async (number) => {
    const { messages } = await sms.send({ to: number, from: '15005550006', text: 'Your code is 482913' });
    return messages[0].messageId;
  };
}
