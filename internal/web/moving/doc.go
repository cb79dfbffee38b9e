// Package moving is the door by which operators move pools and their users between
// installations: signed requests below /_cognate/v1/.
//
//	GET  /_cognate/v1/users?pool=ID&after=SUB&limit=N   users as lines of JSON, with everything that proves them;
//	                                                    the header X-Cognate-Next tells where to go on
//	POST /_cognate/v1/users?pool=ID&update=true         takes such lines, {"Added": 3, "Updated": 0, "Left": 0, "Failed": […]}
//	GET  /_cognate/v1/client-secrets?pool=ID&client=ID  the values of a client's secrets, the oldest first, ["…", "…"]
//	POST /_cognate/v1/create?id=ID                      CreateUserPool or CreateUserPoolClient of the API, with an id that is chosen
//	GET, PUT, DELETE /_cognate/v1/old-pool?pool=ID      where passwords that are not known here yet are checked
//
// It owns the forms of requests and answers. What is let in is decided by the
// packages transfer and migration, who may ask by whoever admits requests.
package moving
