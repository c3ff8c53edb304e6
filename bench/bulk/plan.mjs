export const ACCOUNT = { appId: '4luaKsL2', apiKey: 'bDqJFiq9', apiSecret: '7bz1lzh9' };
export const CONTENT = 'Your table is booked';
export const REQUEST_SIZE = 1000;
export const IN_FLIGHT = 4;

export function* numbers(count) {
  for (let n = 0; n < count; n++) yield String(91_850_000_000 + n);
}
