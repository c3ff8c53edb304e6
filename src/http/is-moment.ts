import { ValidateBy } from 'class-validator';
import { readMoment } from './moment.js';

/** Refuses what is no point in time; see {@link readMoment}. */
export function IsMoment(): PropertyDecorator {
  return ValidateBy({
    name: 'moment',
    validator: {
      validate: (value) => readMoment('', value) instanceof Date,
      defaultMessage: (args) => {
        const read = readMoment(args?.property ?? '', args?.value);
        return 'problem' in read ? `${read.field} ${read.problem}` : '';
      },
    },
  });
}
