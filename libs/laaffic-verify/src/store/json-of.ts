/** Fields of several objects as every driver can pass them, with the names that SQL has. It leaves out what is no value. */
export function jsonOf(...objects: readonly object[]): string {
  const named: Record<string, unknown> = {};
  for (const fields of objects) {
    for (const [name, value] of Object.entries(fields) as [string, unknown][]) {
      const isList = Array.isArray(value);
      const first: unknown = isList ? value[0] : value;
      if (Buffer.isBuffer(first)) named[nameInSql(name)] = isList ? value.map(hex) : hex(first);
      else if (typeof first !== 'object' || first === null || first instanceof Date) named[nameInSql(name)] = value;
    }
  }
  return JSON.stringify(named);
}

const namesInSql = new Map<string, string>();

function nameInSql(name: string): string {
  let inSql = namesInSql.get(name);
  if (inSql === undefined) {
    inSql = name.replaceAll(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
    namesInSql.set(name, inSql);
  }
  return inSql;
}

/** Bytes as PostgreSQL reads them from text. */
function hex(bytes: Buffer): string {
  return `\\x${bytes.toString('hex')}`;
}
