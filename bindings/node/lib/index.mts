// Named one by one: a star would export CommonJS's own mark as well.
export {
  CallCtaError,
  Client,
  clickableDays,
  errorKinds,
  fromJSON,
  toJSON,
  validate,
  validateRequest,
  version,
} from './index.cjs';
export type * from './index.cjs';
