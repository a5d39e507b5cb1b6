// Package wire is the JSON that users read: what the command line prints with
// -o json and the HTTP API answers. It is a contract, so it has types of its
// own that do not move when stored records do.
//
// Keys are snake_case and every documented key is always there. Ids are
// strings, times RFC 3339 in UTC, absent times and values null, absent texts
// and ids "". What the tags doc and enum say goes into the OpenAPI document.
package wire
