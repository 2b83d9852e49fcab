// The one moment that the page is about: where it is, who follows it, and who asks for another.
// Knows seconds. What moves it is the transport's business, what it looks like its followers'.

export class Cursor {
  constructor(until_s) {
    this.t_s = 0;
    this.until_s = until_s;
    this.followers = new Set();
    this.transport = null;
  }

  // Told at once, and at every move from then on.
  follow(follower) {
    this.followers.add(follower);
    follower(this.t_s);
  }

  // Where the transport has come to.
  move(t_s) {
    this.t_s = t_s;
    for (const follower of this.followers) follower(t_s);
  }

  // Where somebody wants to be.
  seek(t_s) {
    const target_s = Math.min(this.until_s, Math.max(0, t_s));
    this.transport?.seek(target_s);
    this.move(target_s);
  }
}
