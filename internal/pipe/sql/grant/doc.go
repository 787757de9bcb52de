// Package grant reads and prints the statements about users, roles and privileges:
//
//	CREATE USER u 'password'      CREATE ROLE r       DROP USER u      DROP ROLE r
//	ALTER USER u SET PASSWORD 'password'
//	GRANT p, .. ON path, .. TO USER u | ROLE r [WITH GRANT OPTION]     GRANT ROLE r TO [USER] u
//	REVOKE p, .. ON path, .. FROM USER u | ROLE r                      REVOKE ROLE r FROM [USER] u
//	LIST USER [OF ROLE r]         LIST ROLE [OF USER u]                LIST PRIVILEGES OF USER u | ROLE r
//
// ALL, READ and WRITE are replaced by the privileges they stand for. All unknown
// privileges of a statement are reported at once. It knows no users and checks nothing.
package grant
