import 'reflect-metadata';
import { validate } from 'class-validator';
import { IsSmsNumber } from './is-sms-number.js';

class Signup {
  @IsSmsNumber()
  phone!: unknown;

  @IsSmsNumber({ each: true, message: 'all must be numbers' })
  others: unknown[] = [];
}

async function problemsOf(fields: Partial<Signup>): Promise<string[]> {
  const errors = await validate(Object.assign(new Signup(), fields));
  return errors.flatMap(({ constraints = {} }) => Object.values(constraints));
}

it.each<[Partial<Signup>, string[]]>([
  [{ phone: '+44 (0)20 7946 0958', others: ['91856321412'] }, []],
  [
    { phone: '020 7946 0958' },
    ['phone must be a phone number with country code: it starts with 0, so its country code is missing'],
  ],
  [{ phone: 91856321412 }, ['phone must be a phone number as text, because a JSON number would lose zeros and digits']],
  [{ phone: '91856321412', others: ['91856321412', '7'] }, ['all must be numbers']],
])('IsSmsNumber validates %j with the problems %j', async (fields, problems) => {
  expect(await problemsOf(fields)).toEqual(problems);
});
