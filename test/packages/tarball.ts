import { readFileSync } from 'node:fs';
import { gunzipSync } from 'node:zlib';

const block = 512;

/** The files of an npm package by path, `package/` left off. */
export function readTarball(file: string): Map<string, Buffer> {
  const tar = gunzipSync(readFileSync(file));
  const files = new Map<string, Buffer>();
  let at = 0;
  while (tar[at]) {
    const field = (offset: number, length: number) =>
      tar.toString('utf8', at + offset, at + offset + length).split('\0')[0]!;
    const size = parseInt(field(124, 12), 8);
    const path = [field(345, 155), field(0, 100)].filter(Boolean).join('/');
    files.set(path.replace(/^package\//, ''), tar.subarray(at + block, at + block + size));
    at += block + Math.ceil(size / block) * block;
  }
  return files;
}
