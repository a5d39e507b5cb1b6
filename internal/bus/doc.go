// Package bus is what the services say to each other and how: subjects,
// messages in a versioned envelope, and the small interface a message system
// must offer.
//
// A message only says "look", or carries what the database can reproduce. The
// bus may lose, repeat, delay and reorder anything: nothing is lost then,
// something is late.
//
// Production and `hammerwork run` use package natsbus; package membus serves
// tests only. Package bustest is the contract both keep.
package bus
