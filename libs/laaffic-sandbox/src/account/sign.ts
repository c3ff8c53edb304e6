import { createHash } from 'node:crypto';

export function sign(apiKey: string, apiSecret: string, timestamp: string): string {
  return createHash('md5').update(`${apiKey}${apiSecret}${timestamp}`, 'utf8').digest('hex');
}
