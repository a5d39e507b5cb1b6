// Package natsbus is the bus over core NATS: what services and workers use.
//
// It reconnects forever. While there is no connection, a new message or
// request fails at once: a message that says "look" is worth nothing when it
// comes late, and whoever sent more than a hint must know. Subscriptions come
// back with the connection.
//
// What a server reports on its own (a subject that is not permitted, a
// subscription too slow for its messages, a lost connection) has no caller to
// return to; it is logged and counted in Stats.
package natsbus
