import { type Message, validate } from 'callcta';

// [begin generic]
const card: Message = {
  template: 'generic',
  elements: [
    {
      title: 'Your order is ready',
      subtitle: 'We are there from 9 to 5.',
      imageUrl: 'https://example.com/order.png',
      buttons: [
        { type: 'audio_call', title: 'Call Now', expiresInDays: 3 },
        { type: 'postback', title: 'Not Now', payload: 'LATER' },
      ],
    },
  ],
};
// [end]
// [begin button]
const question: Message = {
  template: 'button',
  text: 'Shall we talk about it?',
  buttons: [{ type: 'audio_call', title: 'Call Now' }],
};
// [end]
// [begin check]
const wrong: Message = {
  template: 'button',
  text: '',
  buttons: [{ type: 'audio_call', title: 'Call Now', expiresInDays: 8 }],
};
for (const message of [card, question, wrong]) {
  for (const violation of validate(message)) {
    console.log(violation.path, violation.message);
  }
}
// [end]
